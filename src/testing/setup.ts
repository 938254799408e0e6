import fc from "fast-check";

/**
 * `npm test` asks the same random questions on every machine, so that a failure is a change and never chance. `npm run fuzz`
 * sets KUBEHOP_FUZZ and asks new ones; a seed that fails there is kept by number in the test that found it.
 */
if (process.env["KUBEHOP_FUZZ"] === undefined) fc.configureGlobal({ seed: 20_261_120 });
