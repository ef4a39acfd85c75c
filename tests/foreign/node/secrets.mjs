// @azure/keyvault-secrets with the credentials of @azure/identity: a secret's whole life.
import { ClientCertificateCredential, ClientSecretCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { end } from "./conversation.mjs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, VAULT_URL } = process.env;
const bySecret = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET);
const byCertificate = new ClientCertificateCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH);

const client = new SecretClient(VAULT_URL, bySecret);
const name = "from-node";
await client.setSecret(name, "one", { tags: { purpose: "story" } });
const second = await client.setSecret(name, "two", { expiresOn: new Date("2030-01-01") });
const read = await new SecretClient(VAULT_URL, byCertificate).getSecret(name);

const names = [];
for await (const each of client.listPropertiesOfSecrets()) names.push(each.name);
const versions = [];
for await (const each of client.listPropertiesOfSecretVersions(name)) versions.push(each.version);
await client.updateSecretProperties(name, second.properties.version, { contentType: "text/plain" });

const deleted = await (await client.beginDeleteSecret(name, { intervalInMs: 1 })).pollUntilDone();
const missing = await client.getSecret(name).catch((error) => error);
await (await client.beginRecoverDeletedSecret(name, { intervalInMs: 1 })).pollUntilDone();
const recovered = await client.getSecret(name);
await (await client.beginDeleteSecret(name, { intervalInMs: 1 })).pollUntilDone();
await client.purgeDeletedSecret(name);

end({
  read: read.value,
  expiresOn: read.properties.expiresOn,
  names,
  versions: versions.length,
  recoveryId: deleted.recoveryId,
  missing: { statusCode: missing.statusCode, code: missing.code },
  recovered: { value: recovered.value, contentType: recovered.properties.contentType },
});
