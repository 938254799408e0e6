interface StampShapeProps {
  readonly width: number;
  readonly height: number;
  readonly small?: boolean;
}

/** A perforated edge: half-round notches all along, none of them cut at a corner. */
export function StampShape({ width, height, small = false }: StampShapeProps) {
  const notch = small ? 1.6 : 2.2;
  const inset = small ? 3 : 6;
  return (
    <svg width={width} height={height} aria-hidden="true" focusable="false" style={{ position: "absolute", inset: 0 }}>
      <path d={perforated(width, height, notch)} fill="var(--stamp)" />
      {!small && (
        <rect
          x={inset + 0.5}
          y={inset + 0.5}
          width={width - 2 * inset - 1}
          height={height - 2 * inset - 1}
          fill="none"
          stroke="var(--line-strong)"
        />
      )}
    </svg>
  );
}

function perforated(w: number, h: number, r: number): string {
  const side = (length: number, dx: number, dy: number): string => {
    const n = Math.max(3, Math.floor(length / (r * 3.2)));
    const step = length / n;
    const gap = (step - 2 * r) / 2;
    const one = `l${dx * gap} ${dy * gap}a${r} ${r} 0 0 0 ${dx * 2 * r} ${dy * 2 * r}l${dx * gap} ${dy * gap}`;
    return one.repeat(n);
  };
  return `M0 0${side(w, 1, 0)}${side(h, 0, 1)}${side(w, -1, 0)}${side(h, 0, -1)}Z`;
}
