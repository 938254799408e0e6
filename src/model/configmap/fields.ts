import { bool, map, string, stringMap, struct, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

export const CONFIG_MAP: Struct = struct("ConfigMap", {
  ...TYPE_META,
  metadata,
  immutable: bool("Neither data nor this can change any more.", { keep: true }),
  data: stringMap(
    "Texts by key. `kube-proxy` in `kube-system` holds kube-proxy's configuration under `config.conf`, read when kube-proxy starts.",
  ),
  binaryData: map(string("base64.", { go: "[]uint8" }), "Bytes by key, in base64."),
});
