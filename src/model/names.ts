/**
 * The name rules that all kinds share, each as text → problems in the API server's words (none: the name is good).
 * Source: apimachinery/pkg/util/validation/validation.go.
 */

const LABEL_1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_1123 = `${LABEL_1123}(\\.${LABEL_1123})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;

const exact = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const RE_LABEL_1123 = exact(LABEL_1123);
const RE_SUBDOMAIN_1123 = exact(SUBDOMAIN_1123);
const RE_LABEL_1035 = exact(LABEL_1035);
const RE_QUALIFIED = exact(QUALIFIED);
const RE_LABEL_VALUE = exact(LABEL_VALUE);

/** The server's way to tell a pattern. Between two examples stand a comma and two blanks: its own quirk. */
function regexText(message: string, pattern: string, ...examples: readonly string[]): string {
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(" or ")}regex used for validation is '${pattern}')`;
}

const atMost = (max: number): string => `must be no more than ${max} characters`;

const TEXT_LABEL_1123 = regexText(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL_1123,
  "my-name",
  "123-abc",
);
const TEXT_SUBDOMAIN_1123 = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN_1123,
  "example.com",
);
const TEXT_LABEL_1035 = regexText(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  LABEL_1035,
  "my-name",
  "abc-123",
);
const TEXT_QUALIFIED = regexText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  "MyName",
  "my.name",
  "123-abc",
);
const TEXT_LABEL_VALUE = regexText(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  LABEL_VALUE,
  "MyValue",
  "my_value",
  "12345",
);

/** RFC 1123 label, at most 63 characters: Namespaces, Service port names. */
export function label1123Problems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 63) problems.push(atMost(63));
  if (!RE_LABEL_1123.test(text)) {
    problems.push(RE_SUBDOMAIN_1123.test(text) ? "must not contain dots" : TEXT_LABEL_1123);
  }
  return problems;
}

/** RFC 1123 subdomain, at most 253 characters: most object names. */
export function subdomain1123Problems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 253) problems.push(atMost(253));
  if (!RE_SUBDOMAIN_1123.test(text)) problems.push(TEXT_SUBDOMAIN_1123);
  return problems;
}

const TEXT_WILDCARD = regexText(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  `\\*\\.${SUBDOMAIN_1123}`,
  "*.example.com",
);
const RE_WILDCARD = exact(`\\*\\.${SUBDOMAIN_1123}`);

/** `*.` and an RFC 1123 subdomain: hosts of an Ingress. */
export function wildcard1123Problems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 253) problems.push(atMost(253));
  if (!RE_WILDCARD.test(text)) problems.push(TEXT_WILDCARD);
  return problems;
}

/** RFC 1035 label, at most 63 characters: Service names up to 1.35. */
export function label1035Problems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 63) problems.push(atMost(63));
  if (!RE_LABEL_1035.test(text)) problems.push(TEXT_LABEL_1035);
  return problems;
}

/** `[prefix/]name`: label and annotation keys, appProtocol, loadBalancerClass. */
export function labelKeyProblems(text: string): readonly string[] {
  const problems: string[] = [];
  const parts = text.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${TEXT_QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts[parts.length - 1] as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === "") problems.push("prefix part must be non-empty");
    else problems.push(...subdomain1123Problems(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push(`name part ${atMost(63)}`);
  if (!RE_QUALIFIED.test(name)) problems.push(`name part ${TEXT_QUALIFIED}`);
  return problems;
}

/** Label values: at most 63 characters, may be empty. */
export function labelValueProblems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 63) problems.push(atMost(63));
  if (!RE_LABEL_VALUE.test(text)) problems.push(TEXT_LABEL_VALUE);
  return problems;
}

/** IANA service name, at most 15 characters: container port names and a targetPort by name. One problem per broken rule. */
export function portNameProblems(text: string): readonly string[] {
  const problems: string[] = [];
  if (text.length > 15) problems.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(text)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(text)) problems.push("must contain at least one letter (a-z)");
  if (text.includes("--")) problems.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}

/** A port that a packet can carry. */
export function portNumberProblems(port: number): readonly string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}
