//! Limits on the size of a pod, one list for webhook, guard and documentation. A pod beyond a limit is refused before
//! it is evaluated, so no pod costs much more than another.

/// One limit.
#[derive(Debug)]
pub struct Limit {
    /// What is counted, for people.
    pub of: &'static str,
    /// The largest count.
    pub most: usize,
    /// Its field path in the pod; `""` where it counts several fields.
    pub path: &'static str,
    /// Whether the guard counts it too. The API server bounds the other fields, or the guard does not read them.
    pub is_guarded: bool,
}

const fn limit(most: usize, of: &'static str, path: &'static str) -> Limit {
    Limit {
        of,
        most,
        path,
        is_guarded: false,
    }
}

const fn guarded(most: usize, of: &'static str, path: &'static str) -> Limit {
    Limit {
        is_guarded: true,
        ..limit(most, of, path)
    }
}

/// Init and ephemeral ones among them.
pub static CONTAINERS: Limit = guarded(500, "containers", "/spec");
/// All together.
pub static ENTRIES: Limit = guarded(
    5_000,
    "variables, sources of variables, mounts, limits and requests of containers, volumes, labels and annotations",
    "",
);
/// By resource name or annotation.
pub static REQUESTS: Limit = limit(200, "asks for GPUs", "/spec");
/// As written and, with slicegate's own beside each, as it would be written.
pub static TERMS: Limit = guarded(200, "required node selector terms", NODES);
/// In all terms.
pub static REQUIREMENTS: Limit = guarded(1_000, "requirements in these terms", NODES);
/// In all requirements.
pub static VALUES: Limit = guarded(5_000, "values in these requirements", NODES);
pub(crate) static SELECTORS: Limit = guarded(200, "node selector labels", "/spec/nodeSelector");
pub(crate) static TOLERATIONS: Limit = guarded(200, "tolerations", "/spec/tolerations");
/// Required and preferred ones.
pub static NEIGHBOURS: Limit = guarded(
    200,
    "terms of pod affinity and anti-affinity",
    "/spec/affinity",
);
pub(crate) static OWNERS: Limit = guarded(200, "owner references", "/metadata/ownerReferences");
pub(crate) static CLAIMS: Limit = guarded(200, "resource claims", "/spec/resourceClaims");
/// Patterns in `slicegate.dev/gpu-products`.
pub static PRODUCTS: Limit = limit(
    32,
    "product patterns",
    "/metadata/annotations/slicegate.dev~1gpu-products",
);
/// Of volumes and mounts; a single path of a node has at most 4,096.
pub static PATHS: Limit = guarded(50_000, "characters in paths of volumes and mounts", "");
/// Each is followed through the node's links.
pub static HOSTS: Limit = guarded(
    1_000,
    "host paths, with the mounts of a part of a volume beside them",
    "/spec/volumes",
);
/// Each pair is compared.
pub static PAIRS: Limit = guarded(
    20_000,
    "pairs of a host path and a mount of a part of a volume",
    "/spec/volumes",
);
/// Commands and arguments as JSON; no single string that Linux takes is longer than this.
pub static COMMANDS: Limit = limit(131_072, "bytes of commands and arguments", "/spec");
/// Keys and values; the API server's own limit for annotations is 262,144.
pub static METADATA: Limit = limit(262_144, "bytes of labels and annotations", "/metadata");
/// Names of containers, variables, resources and nodes; names of objects have at most 253.
pub static NAME: Limit = limit(1_024, "bytes in one name", "");
/// Counted once it is written; etcd takes no object of more than 1.5 MiB.
pub static PATCH: Limit = limit(1 << 20, "bytes of changes by slicegate", "");

const NODES: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// All limits, in the order of reports.
pub static LIMITS: [&Limit; 19] = [
    &CONTAINERS,
    &ENTRIES,
    &REQUESTS,
    &TERMS,
    &REQUIREMENTS,
    &VALUES,
    &SELECTORS,
    &TOLERATIONS,
    &NEIGHBOURS,
    &OWNERS,
    &CLAIMS,
    &PRODUCTS,
    &PATHS,
    &HOSTS,
    &PAIRS,
    &COMMANDS,
    &METADATA,
    &NAME,
    &PATCH,
];

/// Entries that are kept of a request: more than any pod within the limits has, before and after an update.
pub const KEPT: usize = 20_000;
