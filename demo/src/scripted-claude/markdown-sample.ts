/** A long answer with all that GitHub-flavoured Markdown offers. */
export const markdownSample: string = `# The season at a glance

The **Harbour Rowing Club** trains *four times a week*, and ~~never~~ rarely in fog. Everything below is written in
Markdown; the page turns it into elements piece by piece, while it arrives.

## Training

| Day | Group | Boats | Time |
| :-- | :-- | --: | :-: |
| Monday | Beginners | 3 | 18:00 |
| Wednesday | Juniors | 5 | 17:30 |
| Thursday | Masters | 4 | 19:00 |
| Saturday | Everybody | 9 | 09:00 |

## Before you go out

1. Sign the log book.
2. Check the boat:
   - riggers
     - tightened
     - same height on both sides
   - rudder
   - bow ball
3. Look at the weather.

- [x] Life jackets counted
- [x] Launch fuelled
- [ ] New oars painted

> A bad day on the water is better than a good day at the desk.
>
> > Said by somebody who had never capsized in March.

## Splits

The pace over 500 metres is \`time / distance * 500\`:

\`\`\`ts
/** Seconds for 500 metres. */
export function split(seconds: number, metres: number): number {
  return (seconds / metres) * 500;
}

console.log(split(420, 2000)); // 105, that is 1:45
\`\`\`

\`\`\`
plain text keeps    its spaces
\`\`\`

### More to read

- [World Rowing](https://worldrowing.com/) – rules and results
- [CommonMark](https://commonmark.org/help/ "A short guide") – how this text is marked up
- An address by itself: https://github.github.com/gfm/

---

That is all. Ask me to *list the members* next.
`;
