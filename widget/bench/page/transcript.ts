/** The widget's own scrolling box, for those that bring none: same size, same styles, kept at its end. */
export function createTranscript(box: HTMLElement): {
  content: HTMLElement;
  followEnd: () => void;
  remove: () => void;
} {
  const scroller = document.createElement("div");
  scroller.className = "messages";
  const transcript = document.createElement("div");
  transcript.className = "transcript";
  const content = document.createElement("div");
  content.className = "markdown";
  transcript.append(content);
  scroller.append(transcript);
  box.replaceChildren(scroller);
  return {
    content,
    followEnd: () => {
      scroller.scrollTop = scroller.scrollHeight;
    },
    remove: () => box.replaceChildren(),
  };
}
