//! What the test does as the administrator, by a client inside the control plane's namespace.

use std::thread::JoinHandle;

use http::Request;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Client, ResourceExt};
use serde_json::Value;

use super::ControlPlane;

/// Who the test says it is towards server-side apply.
const MANAGER: &str = "lab";

impl ControlPlane {
    /// Runs `work` with a client of the administrator, in a thread inside the control plane's namespace.
    pub fn with_client<T: Send>(&self, work: impl AsyncFnOnce(Client) -> T + Send) -> T {
        let kubeconfig = self.admin().render();
        self.host.enter(|| block_on(&kubeconfig, work))
    }

    /// The same beside the test.
    pub fn background_with_client<T: Send + 'static>(&self, work: impl AsyncFnOnce(Client) -> T + Send + 'static) -> JoinHandle<T> {
        let kubeconfig = self.admin().render();
        self.host.background(move || block_on(&kubeconfig, work))
    }

    /// Applies every object of a YAML text, with its status where it gives one. Objects of a namespace have to name it.
    pub fn apply(&self, yaml: &str) {
        let objects: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        self.with_client(async |client| {
            for object in objects {
                apply(&client, object).await;
            }
        });
    }

    pub(super) fn ready(&self) -> bool {
        let request = Request::get("/readyz").body(Vec::new()).unwrap();
        self.with_client(async |client| client.request_text(request).await.is_ok())
    }
}

fn block_on<T>(kubeconfig: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        work(Client::try_from(config).unwrap()).await
    })
}

/// Server-side apply of one object, with its status where it gives one.
pub async fn apply(client: &Client, object: Value) {
    let mut object: DynamicObject = serde_json::from_value(object).unwrap();
    let kind = GroupVersionKind::try_from(object.types.as_ref().expect("an object names its kind")).unwrap();
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = match object.namespace() {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let (name, params) = (object.name_any(), PatchParams::apply(MANAGER).force());
    let status = object.data.as_object_mut().and_then(|data| data.remove("status"));
    let failed = |error: kube::Error| -> DynamicObject { panic!("applying {} {name}: {error}", kind.kind) };
    api.patch(&name, &params, &Patch::Apply(&object)).await.unwrap_or_else(failed);
    if let Some(status) = status {
        // As a whole: server-side apply knows of one address of each type of a Node, while real ones have two.
        let mut stored = api.get(&name).await.unwrap_or_else(failed);
        stored.data["status"] = status;
        api.replace_status(&name, &PostParams::default(), &stored).await.unwrap_or_else(failed);
    }
}
