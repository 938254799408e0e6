import { expect, test } from "./app.ts";

test("I switch kube-proxy to nftables and to IPVS, send again, and see the rules of that mode", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const mode = (name: string) => page.getByRole("radio", { name });
  await expect(mode("iptables")).toBeChecked();
  await app.panel("Rules");
  const rules = app.dock.getByRole("listbox", { name: /^Rules of / });

  for (const [name, shown, tool] of [
    ["nftables", "@cluster-ips", "Copy nft list ruleset"],
    ["IPVS", "-A -t ", "Copy ipvsadm -Ln"],
  ] as const) {
    await mode(name).click();
    await expect(app.said).toContainText(`kube-proxy was restarted in ${name} mode`);
    await expect(mode(name)).toBeChecked();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await expect(app.inspector).toContainText("delivered");
    await expect(app.dock.getByRole("button", { name: tool })).toBeVisible();
    await app.dock.getByRole("searchbox", { name: "Search rules" }).fill("shop/web");
    await expect(rules.getByText(shown).first()).toBeVisible();
    await app.dock.getByRole("searchbox", { name: "Search rules" }).fill("");
  }

  // From IPVS back to iptables nothing is cleaned up: kube-proxy never does between these two.
  await mode("iptables").click();
  await expect(mode("iptables")).toBeChecked();
  await app.dock.getByRole("searchbox", { name: "Search rules" }).fill("left behind by ipvs");
  await expect(rules.getByText("KUBE-IPVS-FILTER").first()).toBeVisible();
});
