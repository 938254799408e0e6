/** `--service-node-port-range`, inclusive. */
export interface NodePortRange {
  readonly from: number;
  readonly to: number;
}

/** `min(max(16, size/32), 128)`, and no band when the range has 16 ports or fewer. Source: portallocator/allocator.go. */
export function staticPorts(range: NodePortRange): number {
  const size = range.to - range.from + 1;
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128);
}

/** Why a requested port cannot be had, in the allocator's words, or null when it can. */
export function claimNodePort(range: NodePortRange, port: number, taken: (port: number) => boolean): string | null {
  if (port < range.from || port > range.to) {
    return `provided port is not in the valid range. The range of valid ports is ${range.from}-${range.to}`;
  }
  return taken(port) ? "provided port is already allocated" : null;
}

/** A free port: from a random start in the dynamic band, around, and then likewise in the static band. Null when all are taken. */
export function nextNodePort(
  range: NodePortRange,
  taken: (port: number) => boolean,
  drawBelow: (n: number, band: "dynamic" | "static") => number,
): number | null {
  const scan = (from: number, count: number, band: "dynamic" | "static"): number | null => {
    if (count <= 0) return null;
    const start = drawBelow(count, band);
    for (let i = 0; i < count; i++) {
      const port = from + ((start + i) % count);
      if (!taken(port)) return port;
    }
    return null;
  };
  const reserved = staticPorts(range);
  return (
    scan(range.from + reserved, range.to - range.from + 1 - reserved, "dynamic") ?? scan(range.from, reserved, "static")
  );
}
