// What of a drawing is in its frame.

const LEGIBLE = 0.3; // smaller than this, a card is an outline
const NEAR = 300; // pixels outside of the frame in which things are drawn, too

/** A function that tells whether a place of the drawing is in the frame, or nearly, at this zoom. */
export function sight({ element, origin }, { k, x, y }) {
  const { clientWidth, clientHeight } = element;
  const [left, top] = origin;
  if (k < LEGIBLE || !clientWidth) return () => false;
  return ([across, down]) => {
    const [right, below] = [(across + left) * k + x, (down + top) * k + y];
    return right > -NEAR && right < clientWidth + NEAR && below > -NEAR && below < clientHeight + NEAR;
  };
}
