import { useEffect, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Service } from "../../model/service/types.ts";
import { useSession } from "../shell/session.ts";

export interface Offer {
  readonly service: ObjectKey;
  /** The manifest that would give it endpoints. */
  readonly text: string;
}

/** Offers shown at a time. */
const MOST = 2;

/** Services with a selector whose EndpointSlices name nobody, as the mirrored records say. */
export function endpointless(objects: ReadonlyMap<ObjectKey, KubeObject>): readonly ObjectKey[] {
  const named = new Set<string>();
  for (const object of objects.values()) {
    if (object.kind !== "EndpointSlice") continue;
    const service = object.metadata.labels?.["kubernetes.io/service-name"];
    if (service !== undefined && ((object as EndpointSlice).endpoints ?? []).length > 0)
      named.add(`${object.metadata.namespace ?? ""}/${service}`);
  }
  const out: ObjectKey[] = [];
  for (const object of objects.values()) {
    if (object.kind !== "Service") continue;
    const { selector, type } = (object as Service).spec;
    if (type === "ExternalName" || Object.keys(selector ?? {}).length === 0) continue;
    if (!named.has(`${object.metadata.namespace ?? ""}/${object.metadata.name}`)) out.push(keyOf(object));
  }
  return out;
}

/** "Add a Deployment that matches", for the first Services that no pod matches. */
export function useOffers(): readonly Offer[] {
  const session = useSession();
  const objects = useMirror((state) => state.objects);
  const accepted = useMirror((state) => state.report.accepted);
  const [offers, setOffers] = useState<readonly Offer[]>([]);
  useEffect(() => {
    let current = true;
    const services = endpointless(objects).slice(0, MOST);
    void Promise.all(
      services.map(async (service): Promise<Offer | null> => {
        const answer = await session.client.query("matchingDeployment", { service }).catch(() => null);
        return answer === null ? null : { service, text: answer.text };
      }),
    ).then((found) => {
      if (current) setOffers(found.filter((offer) => offer !== null));
    });
    return () => {
      current = false;
    };
  }, [session, objects]);
  // Half-typed text is not the moment to offer more of it.
  return accepted ? offers : [];
}
