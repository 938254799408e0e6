/**
 * The map's fixed measures, in flow coordinates. Every column and slot has one size whatever stands in it, so that nothing
 * moves when something is added. At 100 % zoom the default scenario fills the map of a 1440 × 900 window.
 */

/** Columns, left to right: outside, edge, underlay bus, nodes, pods. */
export const COLUMN = {
  client: 10,
  clientWidth: 96,
  balancer: 130,
  balancerWidth: 88,
  bus: 236,
  busWidth: 8,
  node: 262,
} as const;

/** Parts of a node card, as offsets from its top left corner. */
export const NODE = {
  height: 140,
  pitch: 148,
  inset: 12,
  barWidth: 16,
  eth: 8,
  name: 32,
  slab: 124,
  slabWidth: 128,
  rowLabel: 164,
  cni: 260,
  pods: 318,
  /** Room right of the last pod column. */
  pad: 8,
} as const;

/** Bottom edges of the slab's four rows as offsets from the card's top; the first begins at NODE.inset. */
export const ROWS = [44, 62, 80, 128] as const;
/** Vertical middles of their labels. */
export const ROW_LABELS = [31, 53, 71, 86] as const;

export const POD = {
  width: 144,
  height: 40,
  /** Two rows to a column. */
  rows: [18, 82],
  columnPitch: 178,
  /** From one band of columns to the next: its rows go on at the same distance. */
  bandPitch: 128,
} as const;

export const BAND = {
  height: 132,
  folded: 40,
  /** Between the band and the first row of cards. */
  gap: 11,
  stampWidth: 176,
  stampHeight: 90,
  stampTop: 21,
  cardTop: 29,
  cardHeight: 38,
  api: 10,
  apiWidth: 100,
  etcd: 122,
  etcdWidth: 86,
  slice: 220,
  sliceWidth: 156,
  proxy: 594,
  proxyWidth: 138,
  proxyTop: 12,
  proxyHeight: 108,
  /** scheduler, controllers, cloud controllers and CoreDNS, below the API server that they watch. */
  parts: 10,
  partTop: 73,
  partHeight: 24,
  partGap: 4,
  partWidths: { scheduler: 74, controllers: 80, ccm: 108, coredns: 92 },
  minis: 10,
  miniTop: 103,
  miniHeight: 24,
  miniWidth: 140,
  miniGap: 6,
} as const;

/** The ink thread's x: the middle of the stamp and of every imprint's right half. */
export const THREAD_X = COLUMN.node + NODE.slab + 94;

export const CLIENT = { height: 140, smallHeight: 66, smallPitch: 74 } as const;

export const STRAND = { width: 2.5, gap: 1.5, lane: 11, radius: 10, hop: 8 } as const;
/** From the middle of a ribbon to the outer edge of a strand. */
export const RIBBON_HALF = STRAND.width + STRAND.gap / 2;

export const IMPRINT = { height: 22, left: 172, right: 264 } as const;

/** The column under the outside clients: what the client's terminal shows, and the legend. */
export const SIDE = { width: 200, line: 16, perLine: 27, padding: 24, legendHeight: 152, gap: 18 } as const;
