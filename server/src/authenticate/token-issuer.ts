/** Where the keys of an issuer come from. */
export type IssuerKey =
  | { type: "jwks"; url: string }
  /** A public key or a certificate. */
  | { type: "pem"; pem: string }
  /** At least 32 bytes. */
  | { type: "secret"; secret: string };

/** A host whose tokens are accepted. */
export interface TokenIssuer {
  /** Exactly the `iss` of its tokens. */
  issuer: string;
  /** Must be among the `aud` of its tokens. */
  audience: string;
  /** The only signature algorithms accepted; null: the default ones for its kind of key. */
  algorithms: readonly string[] | null;
  key: IssuerKey;
  /** Origins whose pages may use its tokens; `*` is any. Requests without an origin come from servers. */
  origins: readonly string[];
}
