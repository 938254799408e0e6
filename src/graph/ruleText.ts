/** What a rule asks for, without what every line repeats: `-d 10.96.0.1/32 tcp dport 443`, `probability 0.33333333349`. */
export function matchText(text: string): string {
  const comment = /--comment ("(?:[^"\\]|\\.)*"|\S+)/.exec(text)?.[1] ?? "";
  const rest = text
    .replace(/^-A \S+\s?/, "")
    .replace(/\s?-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/, "")
    .replace(/(?:^|\s)-j .*$/, "")
    // A counter beside the rule: it decides nothing.
    .replace(/\s?-m nfacct --nfacct-name\s+\S+/, "")
    .replace(/-m statistic --mode random --probability/, "probability")
    .replace(/-m (?:tcp|udp|sctp|mark|addrtype|conntrack|set|physdev)\b\s?/g, "")
    .replace(/-p (\w+)/g, "$1")
    .replace(/--(dport|sport|ctstate|mark|dst-type|src-type)/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  if (rest !== "") return rest;
  return comment === "" ? "every packet" : comment.startsWith('"') ? comment : `"${comment}"`;
}

/** The target with what it does: `DNAT 10.244.2.3:8080`, `MARK 0x4000/0x4000`, `KUBE-SVC-E3PXEPMWAWIUT6ZV`. */
export function targetText(text: string): string {
  const target = /(?:^|\s)-j (.*)$/.exec(text)?.[1] ?? "";
  return target.replace("--to-destination ", "").replace("--set-xmark ", "").replace("--reject-with ", "").trim();
}
