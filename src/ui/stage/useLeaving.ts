import { useEffect, useRef, useState } from "react";
import type { Card } from "../../graph/cards.ts";

/** As long as a panel takes. */
const FADE_MS = 240;
/** A seek or another scenario takes everything away: that is a cut. */
const MANY = 24;

/** Cards of pods that have just gone: they fade where they stood, and nothing else moves. Under reduced motion there are none. */
export function useLeaving(cards: readonly Card[]): readonly Card[] {
  const before = useRef<readonly Card[]>([]);
  const [leaving, setLeaving] = useState<readonly Card[]>([]);
  useEffect(() => {
    const here = new Set(cards.map((c) => c.id));
    const gone = before.current.filter((c) => c.kind === "pod" && !here.has(c.id));
    before.current = cards;
    if (gone.length === 0 || gone.length > MANY || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    setLeaving(gone);
    const timer = setTimeout(() => setLeaving([]), FADE_MS);
    return () => {
      clearTimeout(timer);
      setLeaving([]);
    };
  }, [cards]);
  return leaving;
}
