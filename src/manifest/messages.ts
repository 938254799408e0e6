/**
 * kubectl's YAML parser words things otherwise than ours does; this says the same thing in its words. Where it has no such
 * complaint, ours stands. Source of the texts: goyaml.v2, scannerc.go and parserc.go.
 */
import type { YAMLParseError } from "yaml";
import type { YamlProblem } from "./compose.ts";

export function yamlMessage(error: YAMLParseError, text: string): YamlProblem {
  const [start, end] = error.pos;
  return { start, end, message: wording(error, text, start), withLine: true };
}

function wording(error: YAMLParseError, text: string, at: number): string {
  const own = error.message.split("\n")[0] ?? "";
  switch (error.code) {
    case "BLOCK_AS_IMPLICIT_KEY":
      return "mapping values are not allowed in this context";
    case "MULTILINE_IMPLICIT_KEY":
    case "KEY_OVER_1024_CHARS":
      return "could not find expected ':'";
    case "TAB_AS_INDENT":
    case "BAD_SCALAR_START":
      return "found character that cannot start any token";
    case "BAD_DQ_ESCAPE":
      return "found unknown escape character";
    case "BAD_ALIAS":
      return "did not find expected alphabetic or numeric character";
    case "BAD_INDENT":
      if (/must end with a \]|end with a \]/.test(own)) return "did not find expected ',' or ']'";
      if (/end with a \}/.test(own)) return "did not find expected ',' or '}'";
      if (/sequence/i.test(own)) return "did not find expected '-' indicator";
      return "did not find expected key";
    case "MISSING_CHAR":
      if (/closing/.test(own)) return "found unexpected end of stream";
      if (/Implicit map keys need to be followed/.test(own)) return "could not find expected ':'";
      if (/must end with a \]|\]/.test(own)) return "did not find expected ',' or ']'";
      if (/\}/.test(own)) return "did not find expected ',' or '}'";
      if (/, +missing|Missing , /.test(own)) return "did not find expected ',' or ']'";
      return own;
    case "BLOCK_IN_FLOW":
    case "UNEXPECTED_TOKEN": {
      const character = text.charAt(at);
      if (character === "}" || character === "]" || character === ",") return "did not find expected node content";
      return "did not find expected key";
    }
    case "BAD_DIRECTIVE":
      return "found unknown directive name";
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_TAGS":
    case "BAD_PROP_ORDER":
    case "BAD_COLLECTION_TYPE":
      return "did not find expected node content";
    default:
      return own;
  }
}
