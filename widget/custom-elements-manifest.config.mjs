export default {
  globs: ["src/chat-bot.ts", "src/define.ts", "src/events.ts"],
  outdir: "dist",
  packagejson: false,
};
