// @azure/msal-node: an application signs in by its secret, and by its certificate.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfidentialClientApplication } from "@azure/msal-node";
import { end } from "./conversation.mjs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH } = process.env;
const pem = readFileSync(AZURE_CLIENT_CERTIFICATE_PATH, "utf8");
const clientCertificate = {
  privateKey: pem.slice(0, pem.indexOf("-----BEGIN CERTIFICATE")),
  thumbprintSha256: new X509Certificate(pem).fingerprint256.replaceAll(":", ""),
};
const authority = `https://login.microsoftonline.com/${AZURE_TENANT_ID}`;
const signIn = async (credential) => {
  const application = new ConfidentialClientApplication({ auth: { clientId: AZURE_CLIENT_ID, authority, ...credential } });
  const token = await application.acquireTokenByClientCredential({ scopes: ["https://graph.microsoft.com/.default"] });
  return token.tokenType;
};

const refused = await signIn({ clientSecret: "wrong" }).catch((error) => error);
end({
  secret: await signIn({ clientSecret: AZURE_CLIENT_SECRET }),
  certificate: await signIn({ clientCertificate }),
  refused: { errorCode: refused.errorCode, errorMessage: refused.errorMessage },
});
