//! What many readers need of a pod: its labels, its containers, its node.

use super::{
    ArgumentList, Container, ContainerKind, EnvFrom, EnvVar, NodeTerm, OwnerReference, Place, Pod,
    PodAffinity, Requirement, Resources, Spec, Volume, VolumeMount,
};
use crate::facts::text::{Pairs, Text};
use crate::json::Raw;

impl<'a> Pod<'a> {
    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels()?.get(key)
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations()?.get(key)
    }

    /// The node it names itself, past the scheduler.
    pub fn node_name(&self) -> Option<&str> {
        let name = self.spec.as_ref()?.node_name.as_deref()?;
        Some(name).filter(|name| !name.is_empty())
    }

    /// The scheduler that places it.
    pub fn scheduler(&self) -> &str {
        let name = self.spec.as_ref().and_then(|s| s.scheduler_name.as_deref());
        name.filter(|n| !n.is_empty())
            .unwrap_or("default-scheduler")
    }

    /// The name of its runtime class.
    pub fn runtime_class(&self) -> Option<&str> {
        self.spec.as_ref()?.runtime_class_name.as_deref()
    }

    /// Its volumes, none when the field is absent.
    pub fn volumes(&self) -> &[Volume<'a>] {
        let spec = self.spec.as_ref();
        spec.and_then(|s| s.volumes.as_deref()).unwrap_or_default()
    }

    /// All annotations, if the object has any.
    pub fn annotations(&self) -> Option<&Pairs<'a>> {
        self.metadata.as_ref()?.annotations.as_ref()
    }

    /// All labels, if the object has any.
    pub fn labels(&self) -> Option<&Pairs<'a>> {
        self.metadata.as_ref()?.labels.as_ref()
    }

    /// Owner references, none when the field is absent.
    pub fn owners(&self) -> &[OwnerReference<'a>] {
        let metadata = self.metadata.as_ref();
        let owners = metadata.and_then(|m| m.owner_references.as_deref());
        owners.unwrap_or_default()
    }

    /// `spec.affinity.podAntiAffinity`.
    pub fn anti_affinity(&self) -> Option<&PodAffinity<'a>> {
        let affinity = self.spec.as_ref()?.affinity.as_ref()?;
        affinity.pod_anti_affinity.as_ref()
    }

    /// The terms of `requiredDuringSchedulingIgnoredDuringExecution` of `podAntiAffinity`, none when it is absent.
    pub fn required_anti_affinity(&self) -> &[Raw<'a>] {
        let terms = self.anti_affinity().and_then(|a| a.required.as_deref());
        terms.unwrap_or_default()
    }

    /// Init containers, then containers: those that can hold a device, with where each stands.
    pub fn containers(&self) -> impl Iterator<Item = (Place, &Container<'a>)> {
        self.places(ContainerKind::Init)
            .chain(self.places(ContainerKind::Main))
    }

    /// Those of `containers` and the debug containers besides.
    pub fn all_containers(&self) -> impl Iterator<Item = (Place, &Container<'a>)> {
        self.containers()
            .chain(self.places(ContainerKind::Ephemeral))
    }

    fn places(&self, kind: ContainerKind) -> impl Iterator<Item = (Place, &Container<'a>)> {
        let containers = self.list(kind).iter().enumerate();
        containers.map(move |(index, container)| (Place { kind, index }, container))
    }

    /// One of the three lists, empty when the field is absent.
    pub fn list(&self, kind: ContainerKind) -> &[Container<'a>] {
        let Some(spec) = &self.spec else { return &[] };
        let list = match kind {
            ContainerKind::Init => &spec.init_containers,
            ContainerKind::Main => &spec.containers,
            ContainerKind::Ephemeral => &spec.ephemeral_containers,
        };
        list.as_deref().unwrap_or_default()
    }

    /// The container at a place.
    pub fn at(&self, place: Place) -> Option<&Container<'a>> {
        self.list(place.kind).get(place.index)
    }
}

impl<'a> Spec<'a> {
    /// The required node selector terms; none where the pod requires nothing.
    pub fn required_node_terms(&self) -> Option<&[NodeTerm<'a>]> {
        let nodes = self.affinity.as_ref()?.node_affinity.as_ref()?;
        let terms = nodes.required.as_ref()?.node_selector_terms.as_deref();
        Some(terms.unwrap_or_default())
    }
}

impl Requirement<'_> {
    /// The same, borrowed from nowhere.
    pub fn into_owned(self) -> Requirement<'static> {
        let values = self.values;
        Requirement {
            key: self.key.into_owned(),
            operator: self.operator.into_owned(),
            values: values.map(|values| values.into_iter().map(Text::into_owned).collect()),
        }
    }
}

impl<'a> Container<'a> {
    /// `command` or `args` as JSON, empty where it is absent.
    pub fn json(&self, list: ArgumentList) -> &'a str {
        let raw = match list {
            ArgumentList::Command => self.command,
            ArgumentList::Args => self.args,
        };
        raw.map_or("", Raw::get)
    }

    /// The elements of `command` or `args`, each as it stands in the JSON; none where it is no list.
    pub fn elements(&self, list: ArgumentList) -> Vec<&'a str> {
        let elements: Vec<Raw<'a>> = serde_json::from_str(self.json(list)).unwrap_or_default();
        elements.into_iter().map(Raw::get).collect()
    }

    /// The name, empty where the object has none and the API server will refuse it.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Environment entries, none when the field is absent.
    pub fn env(&self) -> &[EnvVar<'a>] {
        self.env.as_deref().unwrap_or_default()
    }

    /// `envFrom`, none when the field is absent.
    pub fn env_from(&self) -> &[EnvFrom<'_>] {
        self.env_from.as_deref().unwrap_or_default()
    }

    /// `volumeMounts`, none when the field is absent.
    pub fn mounts(&self) -> &[VolumeMount<'_>] {
        self.volume_mounts.as_deref().unwrap_or_default()
    }

    /// The names and quantities of its limits, then of its requests.
    pub fn quantities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.resources.iter().flat_map(Resources::quantities)
    }

    /// Runs beside the main containers for the pod's whole life.
    pub fn is_sidecar(&self, place: Place) -> bool {
        place.kind == ContainerKind::Init && self.restart_policy.as_deref() == Some("Always")
    }
}

impl Resources<'_> {
    /// The names and quantities of the limits, then of the requests.
    pub fn quantities(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = [&self.limits, &self.requests].into_iter().flatten();
        lists.flat_map(Pairs::iter)
    }
}

impl EnvFrom<'_> {
    /// The prefix, empty where there is none.
    pub fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }
}

impl VolumeMount<'_> {
    /// The path in the container, empty where there is none.
    pub fn path(&self) -> &str {
        self.mount_path.as_deref().unwrap_or_default()
    }
}

impl EnvVar<'_> {
    /// The variable's name.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The literal value; none where a source would yield it.
    pub fn literal(&self) -> Option<&str> {
        let value = self.value.as_deref().unwrap_or_default();
        self.value_from.is_none().then_some(value)
    }
}
