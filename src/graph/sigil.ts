const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The dots of a Service's sigil: one radius in 0..1 (value / 31) for each of the 16 base32 characters that its KUBE-SVC,
 * KUBE-SVL, KUBE-EXT and KUBE-FW chains share, row by row of a 4 × 4 grid. Missing or foreign characters give 0.
 */
export function sigilDots(hash: string): readonly number[] {
  return Array.from({ length: 16 }, (_, i) => Math.max(0, BASE32.indexOf(hash.charAt(i) || "?")) / 31);
}
