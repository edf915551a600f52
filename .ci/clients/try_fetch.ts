// openapi-generator, typescript-fetch: logs in and reads the profile.
import { Configuration, LoginApi, ProfileApi } from "./index";

declare const process: { env: Record<string, string> };

const phone = "+79990000001";
const basePath = process.env.INVITED_SERVER;

async function main() {
  const login = new LoginApi(new Configuration({ basePath }));
  const asked = await login.login({ phoneRequest: { phone } });
  const confirmRequest = { smsCode: "1234" };
  const pair = await login.confirmLogin({ confirmRequest, smsToken: asked.smsToken });
  const accessToken = pair.access;
  const profile = await new ProfileApi(new Configuration({ basePath, accessToken })).getProfile();
  if (profile.phone !== phone.slice(1)) throw new Error(JSON.stringify(profile));
}

main();
