/** A pod that is its own endpoint does not reach itself. */
import { keyOf, objectKey } from "../../model/meta/types.ts";
import type { Diagnoser } from "../types.ts";

export const hairpin: Diagnoser = ({ failed, objects, view }) => {
  const lost = failed.find(({ end }) => end?.hop.verdict === "lost" && end.hop.note.includes("hairpin mode is off"));
  if (lost === undefined) return [];
  const share = failed
    .filter(({ end }) => end?.hop.note.includes("hairpin mode is off") === true)
    .reduce((sum, { walk }) => sum + walk.probability, 0);
  const labs = objects.list<{
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly spec: { readonly network?: { readonly hairpin?: boolean } };
  }>("Lab");
  const said = labs.findLast(({ spec }) => spec.network?.hairpin === false);
  const node = lost.end?.hop.place.replace("node/", "") ?? "";
  const annotated = objects.get(objectKey("Node", undefined, node));
  return [
    {
      id: "HAIRPIN",
      severity: "error",
      hop: lost.end?.at ?? null,
      evidence: [
        ...(said === undefined
          ? []
          : [{ kind: "object" as const, object: keyOf(said), path: "spec.network.hairpin", shows: "false" }]),
        { kind: "walk", shows: lost.end?.hop.note ?? "" },
      ],
      cause: `The pod is an endpoint of the Service that it dials; when it is picked itself (${(share * 100).toFixed(0)} % of requests), ${node}'s bridge has to send the packet back out of the port that it came in by, and hairpin mode is off.`,
      remedies: [
        ...(said === undefined
          ? []
          : [
              {
                title: "Turn hairpin mode on",
                edits: [{ object: keyOf(said), path: "spec.network.hairpin", to: true }],
              },
            ]),
        ...(view.network.hairpin && annotated !== undefined
          ? [
              {
                title: "Leave the node's own setting out",
                edits: [{ object: keyOf(annotated), path: "metadata.annotations[kubehop.dev/network]", to: null }],
              },
            ]
          : []),
      ],
      otherwise: "Set hairpinMode of the CNI's bridge plugin on the node.",
      command: `bridge -d link show master cni0 | grep hairpin`,
    },
  ];
};
