import { createApp } from "vue";
import { pageElement } from "../host-page.ts";
import clubPage from "./club-page.vue";

createApp(clubPage).mount(pageElement());
