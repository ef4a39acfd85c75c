// @azure/msal-node: a person signs in, the code is exchanged, the refresh token buys a token for another service.
import { ConfidentialClientApplication } from "@azure/msal-node";
import { end, hear, say } from "./conversation.mjs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, REDIRECT_URI } = process.env;
const application = new ConfidentialClientApplication({
  auth: {
    clientId: AZURE_CLIENT_ID,
    clientSecret: AZURE_CLIENT_SECRET,
    authority: `https://login.microsoftonline.com/${AZURE_TENANT_ID}`,
  },
});
const azure = ["https://management.azure.com/user_impersonation"];
const request = { scopes: ["https://graph.microsoft.com/User.Read"], redirectUri: REDIRECT_URI };

say({ open: await application.getAuthCodeUrl({ ...request, prompt: "select_account", extraScopesToConsent: azure }) });
const { code } = await hear();
const signedIn = await application.acquireTokenByCode({ ...request, code });
const again = await application.acquireTokenSilent({ account: signedIn.account, scopes: request.scopes });
const stored = JSON.parse(application.getTokenCache().serialize());
const [{ secret: refreshToken }] = Object.values(stored.RefreshToken);
const refreshed = await application.acquireTokenByRefreshToken({ refreshToken, scopes: azure });
end({
  username: signedIn.account.username,
  homeAccountId: signedIn.account.homeAccountId,
  fromCache: again.fromCache,
  refreshedScopes: refreshed.scopes,
});
