/** A page of the manual, before it is set in roff. */

export interface Row {
  readonly term: string;
  readonly text: string;
}

export interface Section {
  readonly title: string;
  readonly paragraphs?: readonly string[];
  readonly rows?: readonly Row[];
  /** Set as they are. */
  readonly example?: readonly string[];
}

export interface Page {
  readonly name: string;
  readonly section: 1 | 8;
  /** Behind the name in the first line: what it is, in a few words. */
  readonly summary: string;
  /** One line a way to call it, without the name. */
  readonly synopsis: readonly string[];
  readonly sections: readonly Section[];
  /** `name(8)`, in the order in which they are to stand. */
  readonly seeAlso: readonly string[];
}
