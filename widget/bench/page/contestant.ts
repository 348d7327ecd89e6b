/** Something that shows text as it arrives. */
export interface Contestant {
  /** Called once for each frame, with what has arrived since the last one. */
  append(pieces: readonly string[]): void;
  /** Nothing more will come. */
  end(): void;
  /** Takes it off the page. */
  remove(): void;
}

/** Puts a contestant into the box, which is as large as the panel's transcript. */
export type CreateContestant = (box: HTMLElement) => Contestant;
