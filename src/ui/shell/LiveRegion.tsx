import { usePage } from "./page.ts";

/** Says outcomes to screen readers. Two regions take turns, so that the same sentence twice is still said twice. */
export function LiveRegion() {
  const { text, count } = usePage((state) => state.said);
  return (
    <div className="kh-hidden" aria-live="polite" data-testid="live">
      <p>{count % 2 === 0 ? text : ""}</p>
      <p>{count % 2 === 1 ? text : ""}</p>
    </div>
  );
}
