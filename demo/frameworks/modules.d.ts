// What the compilers of Vue and Svelte make of a file with a page in it.

declare module "*.vue" {
  import type { Component } from "vue";

  const page: Component;
  // biome-ignore lint/style/noDefaultExport: such files export their component as the default
  export default page;
}

declare module "*.svelte" {
  import type { Component } from "svelte";

  const page: Component;
  // biome-ignore lint/style/noDefaultExport: such files export their component as the default
  export default page;
}
