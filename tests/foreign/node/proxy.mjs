// Node's own fetch asks no proxy before Node 24 (where NODE_USE_ENV_PROXY=1 is enough): node --import ./proxy.mjs PROGRAM
import { EnvHttpProxyAgent, setGlobalDispatcher } from "undici";

setGlobalDispatcher(new EnvHttpProxyAgent());
