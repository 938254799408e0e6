/** A configuration of HAProxy, as far as it decides where a connection goes. */

export interface HaproxyConfig {
  /** Frontends and listens, in the order of the file. */
  readonly fronts: readonly Front[];
  readonly backends: Readonly<Record<string, Backend>>;
  readonly problems: readonly Problem[];
}

export interface Problem {
  /** From 1; 0: not of one line. */
  readonly line: number;
  readonly message: string;
}

export interface Bind {
  /** `*` or an address. */
  readonly ip: string;
  readonly port: number;
  /** Does TLS end here? */
  readonly ssl: boolean;
}

interface Section {
  readonly name: string;
  readonly mode: "tcp" | "http";
  readonly acls: Readonly<Record<string, readonly Test[]>>;
  readonly actions: readonly Action[];
}

export interface Front extends Section {
  readonly binds: readonly Bind[];
  readonly uses: readonly { readonly backend: string; readonly when: Condition }[];
  readonly defaultBackend: string | null;
  readonly forwardFor: boolean;
}

export interface Backend extends Section {
  readonly balance: "roundrobin" | "leastconn" | "source" | "first";
  readonly servers: readonly Server[];
  readonly forwardFor: boolean;
  readonly redispatch: boolean;
  readonly retries: number;
  /** In milliseconds. */
  readonly connect: number;
  readonly silence: number;
}

export interface Server {
  readonly name: string;
  /** An address or a name. */
  readonly host: string;
  /** null: the port that the client dialled. */
  readonly port: number | null;
  readonly backup: boolean;
  readonly ssl: boolean;
}

/** One line of an ACL: any of its values. */
export interface Test {
  readonly what: string;
  /** In parentheses: `hdr(host)`. */
  readonly of: string;
  readonly ignoreCase: boolean;
  readonly values: readonly string[];
}

/** Any of these rows; in each all of its terms. Empty: always. */
export interface Condition {
  readonly unless: boolean;
  readonly any: readonly (readonly Term[])[];
}

export interface Term {
  readonly not: boolean;
  readonly acl: string | Test;
}

export type Action =
  | { readonly kind: "reject"; readonly when: Condition }
  | { readonly kind: "accept"; readonly when: Condition }
  | { readonly kind: "deny"; readonly status: number; readonly when: Condition }
  | { readonly kind: "return"; readonly status: number; readonly body: string; readonly when: Condition }
  | {
      readonly kind: "redirect";
      readonly how: "scheme" | "location" | "prefix";
      readonly to: string;
      readonly code: number;
      readonly when: Condition;
    }
  | {
      readonly kind: "set-header" | "add-header";
      readonly name: string;
      readonly value: string;
      readonly when: Condition;
    }
  | { readonly kind: "replace-path"; readonly from: string; readonly to: string; readonly when: Condition };
