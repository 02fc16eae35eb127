//! Entra ID as far as `az login --service-principal` asks it. Every secret is right.

use serde_json::json;

use super::{Answer, Request, TENANT, ok};

pub(super) fn answer(request: &Request) -> Option<Answer> {
    let below = request.path.strip_prefix(&format!("/{TENANT}"))?;
    let here = format!("{}/{TENANT}", request.base);
    match below {
        "/v2.0/.well-known/openid-configuration" => Some(ok(json!({
            "issuer": format!("{here}/v2.0"),
            "authorization_endpoint": format!("{here}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{here}/oauth2/v2.0/token"),
        }))),
        "/oauth2/v2.0/token" => {
            Some(ok(json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "not-a-secret"})))
        }
        _ => None,
    }
}
