import type { Api, WriteContext, Written } from "../apiserver/types.ts";
import type { Result } from "../base/result.ts";
import type { Status } from "../model/status.ts";
import type { Operation } from "./types.ts";

/** Asks the API server for one operation of a reconcile; its refusal is a value. */
export function operate(api: Api, operation: Operation, context: WriteContext): Result<Written, Status> {
  switch (operation.op) {
    case "create":
      return api.create(operation.object, context);
    case "update":
      return api.update(operation.object, context);
    case "updateStatus":
      return api.updateStatus(operation.object, context);
    case "bind":
      return api.bind(operation.key, operation.node, context);
    case "delete":
      return api.delete(operation.key, context, { force: operation.force ?? false });
    case "remove":
      return api.finalizeDelete(operation.key, context);
  }
}
