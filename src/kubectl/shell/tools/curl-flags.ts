/** curl's command line, as far as it bears on the network. */
import { flagNames, type OptionSpec } from "./options.ts";

/** Letters that take a value, and switches; what nothing here depends on is taken and left alone. */
export const CURL_SPEC: OptionSpec = {
  values: flagNames(
    "o w m H X d u A e b c x F T E r C y Y z U P Q D K connect-timeout resolve retry retry-delay retry-max-time max-redirs interface cacert capath cert key data-raw data-binary data-urlencode json local-port connect-to proto tls-max ciphers noproxy unix-socket keepalive-time limit-rate expect100-timeout dns-servers url happy-eyeballs-timeout-ms haproxy-clientip",
  ),
  switches: flagNames(
    "v s S I i k L 4 6 f g N O n G j J l p a B q R Z M V h # 0 1 2 3 : compressed http1.0 http1.1 http2 http2-prior-knowledge http3 no-keepalive fail-with-body retry-connrefused retry-all-errors tcp-nodelay path-as-is ssl-no-revoke no-buffer no-progress-meter styled-output no-styled-output tlsv1.2 tlsv1.3 location-trusted haproxy-protocol globoff anyauth basic",
  ),
  aliases: {
    output: "o",
    "write-out": "w",
    "max-time": "m",
    header: "H",
    request: "X",
    data: "d",
    "data-ascii": "d",
    "data-raw": "d",
    "data-binary": "d",
    "data-urlencode": "d",
    user: "u",
    "user-agent": "A",
    referer: "e",
    cookie: "b",
    verbose: "v",
    silent: "s",
    "show-error": "S",
    head: "I",
    include: "i",
    "show-headers": "i",
    insecure: "k",
    location: "L",
    ipv4: "4",
    ipv6: "6",
    fail: "f",
    globoff: "g",
    "remote-name": "O",
    get: "G",
    form: "F",
    proxy: "x",
    "progress-bar": "#",
    parallel: "Z",
    version: "V",
    help: "h",
  },
};

/** Where the `numbers` of a URL stand for many: `http://web/[1-3]`. At most so many are made. */
const MOST = 100;

export function globbed(url: string): readonly string[] {
  const match = /\[(\d{1,6})-(\d{1,6})(?::(\d{1,4}))?\]/.exec(url);
  if (match === null) return [url];
  const [whole, from = "0", to = "0", step = "1"] = match;
  const values: string[] = [];
  for (let i = Number(from); i <= Number(to) && values.length < MOST; i += Math.max(1, Number(step))) {
    values.push(String(i).padStart(from.startsWith("0") ? from.length : 1, "0"));
  }
  const before = url.slice(0, match.index);
  const after = url.slice(match.index + whole.length);
  return values.flatMap((value) => globbed(before + value + after)).slice(0, MOST);
}
