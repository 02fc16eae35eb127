//! Entra ID as far as `az login --service-principal` asks it. Every secret is right; a token of a cluster has to fit the
//! one federated credential that there is.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Request, TENANT, ok};

/// The federated credential, and how tokens come and go.
#[derive(Clone, Debug)]
pub(crate) struct Federation {
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub(crate) subject: String,
    /// How long it takes until a signed-in client has to show its token again.
    pub(crate) access_seconds: u64,
    /// What the cluster writes to the client's token file as soon as registries are asked for.
    pub(crate) renewal: Option<(PathBuf, String)>,
    /// The tokens that were shown so far.
    pub(crate) shown: Vec<String>,
    /// When the newest of them was issued: those from before have ended.
    pub(crate) newest: u64,
}

impl Default for Federation {
    fn default() -> Self {
        let subject = "system:serviceaccount:acr-admission:acr-admission-export".to_owned();
        Self { subject, access_seconds: 3600, renewal: None, shown: Vec::new(), newest: 0 }
    }
}

impl Federation {
    pub(super) fn renew(&mut self, path: &str) {
        if path.ends_with("/registries")
            && let Some((file, token)) = self.renewal.take()
        {
            fs::write(file, token).unwrap();
        }
    }

    /// Why this token gives no access.
    fn refusal(&mut self, token: &str) -> Option<String> {
        self.shown.push(token.to_owned());
        let claims = claims(token);
        let audience = &claims["aud"];
        if claims["sub"] != *self.subject || audience != AUDIENCE && *audience != json!([AUDIENCE]) {
            let presented = &claims["sub"];
            return Some(format!("AADSTS700213: No federated credential fits the subject {presented}."));
        }
        let issued = claims["iat"].as_u64().unwrap_or_default();
        if issued < self.newest {
            return Some("AADSTS700024: The client assertion has ended.".to_owned());
        }
        self.newest = issued;
        None
    }
}

pub(super) fn answer(federation: &mut Federation, request: &Request) -> Option<Answer> {
    if request.path == "/common/discovery/instance" {
        // Asked by the CLI, as long as it is told nothing else of its cloud, before it believes in a refusal.
        let aliases = ["login.microsoftonline.com", "login.windows.net"];
        return Some(ok(json!({"metadata": [{"aliases": aliases}]})));
    }
    let below = request.path.strip_prefix(&format!("/{TENANT}"))?;
    let here = format!("{}/{TENANT}", request.base);
    match below {
        "/v2.0/.well-known/openid-configuration" => Some(ok(json!({
            "issuer": format!("{here}/v2.0"),
            "authorization_endpoint": format!("{here}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{here}/oauth2/v2.0/token"),
        }))),
        "/oauth2/v2.0/token" => Some(access(federation, &request.body)),
        _ => None,
    }
}

fn access(federation: &mut Federation, body: &Value) -> Answer {
    let refusal = body["client_assertion"].as_str().and_then(|token| federation.refusal(token));
    if let Some(reason) = refusal {
        let document = json!({"error": "invalid_client", "error_description": reason});
        return Answer(StatusCode::UNAUTHORIZED, document);
    }
    let seconds = federation.access_seconds;
    ok(json!({"token_type": "Bearer", "expires_in": seconds, "access_token": "not-a-secret"}))
}

/// What a token says; that a cluster signed it is not looked at.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default()
}

/// What Entra ID wants to be named as in tokens of others.
const AUDIENCE: &str = "api://AzureADTokenExchange";
