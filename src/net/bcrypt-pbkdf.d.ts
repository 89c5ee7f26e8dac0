/** What is used of a package that brings no types. */
declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** One hash of bcrypt_pbkdf: 64 bytes and 64 bytes make 32 bytes, in place. */
    hash(secret: Uint8Array, salt: Uint8Array, out: Uint8Array): void;
  };
  export = bcrypt;
}
