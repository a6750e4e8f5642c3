/** A text in which no URL tells its password: `https://user:secret@host` → `https://…@host`. */
export const withoutPasswords = (text: string): string => text.replace(/(:\/\/)[^\s"']*:[^\s"']*@/g, "$1…@");
