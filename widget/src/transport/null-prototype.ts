/**
 * The same members without a prototype. What a host page's scripts have put on `Object.prototype` (`toJSON`, a
 * `body`, a `signal`) then cannot reach a request that carries the user's token.
 */
export function nullPrototype<Type extends object>(members: Type): Type {
  return Object.assign(Object.create(null), members);
}
