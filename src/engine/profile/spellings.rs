//! The flags and variables that say how many processes a program has, where the others are, and how much of a device's
//! memory it takes: one table.
//!
//! Sources: pytorch `torch/distributed/run.py` (torchrun; its flags are also `PET_...` variables),
//! huggingface/accelerate `commands/launch.py`, microsoft/DeepSpeed `launcher/runner.py`, vllm-project/vllm
//! `engine/arg_utils.py`, sgl-project/sglang `server_args.py`, huggingface/text-generation-inference
//! `launcher/src/main.rs`, NVIDIA/TensorRT-LLM `commands/serve.py`, InternLM/lmdeploy `cli/utils.py`, NVIDIA's NIM,
//! horovod `runner/launch.py`, Open MPI's mpirun(1), kubeflow/trainer `pkg/constants`, kubeflow/training-operator
//! `pkg/controller.v1`, kubernetes-sigs/lws `api/leaderworkerset/v1`, volcano-sh/volcano `pkg/controllers/job/plugins`,
//! ai-dynamo/grove `api/common/constants`, tensorflow/serving `model_servers/main.cc`, jax-ml/jax
//! `docs/gpu_memory_allocation.rst`.

use std::sync::LazyLock;

use super::scan::SettingForm;

/// What the value of a flag or variable means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// How many machines or pods there are.
    Nodes,
    /// How many processes there are in all of them.
    World,
    /// Which machine this is; the first is 0.
    Rank,
    /// Where the first of them is.
    Address,
    /// All of them, with commas between.
    Hosts,
    /// How many machines a task of a job has; a job may have several tasks.
    TaskNodes,
    /// What has the pods of one job find each other.
    Group,
    /// How the processes of a server are started.
    Backend,
    /// A model's layers are each split over so many devices.
    Tensor,
    /// A model's layers are dealt to so many devices.
    Pipeline,
    /// So many copies of a model, wherever they are.
    Data,
    /// So many copies of a model in this container.
    LocalData,
    /// So many processes in this container.
    PerNode,
    /// So many processes of a launcher, on all machines.
    Processes,
    /// So many processes that `mpirun` or its like starts.
    Launched,
    /// So much of the device's memory, as a fraction.
    MemoryFraction,
}

/// The flags and variables of each meaning. An underscore in a flag stands for a dash too, a star in a variable for any
/// text. Variables are those of PyTorch, XGBoost, JAX and training operators, and those that the images of servers turn
/// into flags. Any program has flags like those of a launcher, so they count only after one.
static SPELLINGS: [(Meaning, &str); 16] = [
    (
        Meaning::Nodes,
        "--nnodes --num_nodes --num_machines NNODES NUM_NODES PET_NNODES SLURM_NNODES LWS_GROUP_SIZE \
        GROVE_PCSG_TEMPLATE_NUM_PODS",
    ),
    (Meaning::World, "WORLD_SIZE JAX_NUM_PROCESSES"),
    (
        Meaning::Rank,
        "--node_rank --machine_rank --data_parallel_rank -dpn --data_parallel_start_rank -dpr NODE_RANK \
        PET_NODE_RANK",
    ),
    (
        Meaning::Address,
        "--master_addr --rdzv_endpoint --main_process_ip --dist_init_addr --data_parallel_address -dpa MASTER_ADDR \
        PET_MASTER_ADDR RDZV_ENDPOINT PET_RDZV_ENDPOINT JAX_COORDINATOR_ADDRESS",
    ),
    (Meaning::Hosts, "VC_*_HOSTS"),
    (Meaning::TaskNodes, "VC_*_NUM"),
    (Meaning::Group, "GROVE_*"),
    (
        Meaning::Backend,
        "--distributed_executor_backend --data_parallel_backend -dpb",
    ),
    (
        Meaning::Tensor,
        "--tensor_parallel_size --tp_size --tp -tp --num_shard TENSOR_PARALLEL_SIZE VLLM_TENSOR_PARALLEL_SIZE \
        NIM_TENSOR_PARALLEL_SIZE TP_SIZE NUM_SHARD",
    ),
    (
        Meaning::Pipeline,
        "--pipeline_parallel_size --pp_size --pp -pp PIPELINE_PARALLEL_SIZE VLLM_PIPELINE_PARALLEL_SIZE \
        NIM_PIPELINE_PARALLEL_SIZE PP_SIZE",
    ),
    (
        Meaning::Data,
        "--data_parallel_size --dp_size --dp -dp DATA_PARALLEL_SIZE VLLM_DATA_PARALLEL_SIZE DP_SIZE",
    ),
    (Meaning::LocalData, "--data_parallel_size_local -dpl"),
    (
        Meaning::PerNode,
        "--nproc_per_node --num_gpus NPROC_PER_NODE PET_NPROC_PER_NODE",
    ),
    (
        Meaning::Processes,
        "--num_processes ACCELERATE_NUM_PROCESSES",
    ),
    (Meaning::Launched, "-n -np -c --n --np --num_proc"),
    (
        Meaning::MemoryFraction,
        "--gpu_memory_utilization --mem_fraction_static --cuda_memory_fraction --per_process_gpu_memory_fraction \
        --kv_cache_free_gpu_mem_fraction --free_gpu_memory_fraction VLLM_GPU_MEMORY_UTILIZATION \
        CUDA_MEMORY_FRACTION XLA_PYTHON_CLIENT_MEM_FRACTION",
    ),
];

/// Programs that start a process on each of several machines.
pub const LAUNCHERS: [&str; 5] = ["mpirun", "mpiexec", "horovodrun", "orterun", "prterun"];

/// One spelling.
struct Spelling {
    name: &'static str,
    /// Of a family of variables, which begin with the name: what they end with.
    end: Option<&'static str>,
    meaning: Meaning,
}

/// The spellings by form and by the first letter. Hardly any name is one, so most lists are short.
static BY_LETTER: LazyLock<[[Vec<Spelling>; 32]; 3]> = LazyLock::new(|| {
    let mut table: [[Vec<Spelling>; 32]; 3] = Default::default();
    for (meaning, words) in SPELLINGS {
        for word in words.split(' ') {
            let name = word.trim_start_matches('-');
            let form = match word.len() - name.len() {
                0 => SettingForm::Variable,
                1 => SettingForm::ShortFlag,
                _ => SettingForm::Flag,
            };
            let (name, end) = match name.split_once('*') {
                Some((name, end)) => (name, Some(end)),
                None => (name, None),
            };
            let spelling = Spelling { name, end, meaning };
            table[form as usize][letter(name)].push(spelling);
        }
    }
    table
});

fn letter(name: &str) -> usize {
    let first = name.as_bytes().first();
    first.map_or(0, |first| usize::from(first & 31))
}

/// What a flag or variable of that name means, if it is in the table.
pub fn meaning(form: SettingForm, name: &str) -> Option<Meaning> {
    let spellings = BY_LETTER[form as usize][letter(name)].iter();
    let mut known = spellings.filter(|spelling| spelling.is(form, name));
    Some(known.next()?.meaning)
}

impl Spelling {
    fn is(&self, form: SettingForm, name: &str) -> bool {
        match (form, self.end) {
            (SettingForm::Variable, Some(end)) => {
                let rest = name.strip_prefix(self.name);
                rest.is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
            }
            (SettingForm::Variable, None) => name == self.name,
            _ => {
                let is_same = |(a, b): (u8, u8)| a == b || a == b'-' && b == b'_';
                name.len() == self.name.len() && name.bytes().zip(self.name.bytes()).all(is_same)
            }
        }
    }
}
