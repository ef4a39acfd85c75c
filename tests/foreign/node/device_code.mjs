// @azure/msal-node: a person types a code at another device.
import { PublicClientApplication } from "@azure/msal-node";
import { end, say } from "./conversation.mjs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID } = process.env;
const application = new PublicClientApplication({
  auth: { clientId: AZURE_CLIENT_ID, authority: `https://login.microsoftonline.com/${AZURE_TENANT_ID}` },
});
const signedIn = await application.acquireTokenByDeviceCode({
  scopes: ["https://graph.microsoft.com/User.Read"],
  deviceCodeCallback: ({ verificationUri, userCode }) => say({ open: verificationUri, type: userCode }),
});
end({ username: signedIn.account.username, scopes: signedIn.scopes });
