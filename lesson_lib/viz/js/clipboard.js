// Text for the clipboard.

/** Promise whether `words` are in the clipboard now: there may be no right to write to it, or no clipboard. */
export async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}
