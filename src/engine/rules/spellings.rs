//! Every spelling by which programs are told how many processes there are and where the others are; one table.
//!
//! Sources: pytorch `torch/distributed/run.py` (torchrun; its flags are also `PET_...` variables), huggingface/accelerate
//! `commands/launch.py`, microsoft/DeepSpeed `launcher/runner.py`, vllm-project/vllm `engine/arg_utils.py`,
//! sgl-project/sglang `server_args.py`, huggingface/text-generation-inference `launcher/src/main.rs`, NVIDIA/TensorRT-LLM
//! `commands/serve.py`, InternLM/lmdeploy `cli/utils.py`, NVIDIA's NIM, horovod `runner/launch.py`, Open MPI's mpirun(1),
//! kubeflow/trainer `pkg/constants`, kubeflow/training-operator `pkg/controller.v1`, kubernetes-sigs/lws
//! `api/leaderworkerset/v1`, volcano-sh/volcano `pkg/controllers/job/plugins`, ai-dynamo/grove `api/common/constants`.

use super::told::{Form, Told, is_same};

/// What the value of a flag or variable says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
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
}

/// One spelling.
#[derive(Debug)]
pub struct Spelling {
    /// A flag, a flag of one dash, or a variable.
    form: Form,
    /// An underscore in a flag stands for a dash too.
    name: &'static str,
    /// Of a family of variables, which begin with the name: what they end with.
    end: Option<&'static str>,
    /// What its value says.
    says: Says,
}

const fn flag(name: &'static str, says: Says) -> Spelling {
    Spelling {
        form: Form::Flag,
        name,
        end: None,
        says,
    }
}

const fn short(name: &'static str, says: Says) -> Spelling {
    Spelling {
        form: Form::ShortFlag,
        name,
        end: None,
        says,
    }
}

const fn variable(name: &'static str, says: Says) -> Spelling {
    Spelling {
        form: Form::Variable,
        name,
        end: None,
        says,
    }
}

const fn family(name: &'static str, end: &'static str, says: Says) -> Spelling {
    Spelling {
        form: Form::Variable,
        name,
        end: Some(end),
        says,
    }
}

/// All of them.
const SPELLINGS: [Spelling; 69] = [
    // torchrun, DeepSpeed, accelerate, Lightning, SGLang, vLLM.
    flag("nnodes", Says::Nodes),
    flag("num_nodes", Says::Nodes),
    flag("num_machines", Says::Nodes),
    flag("node_rank", Says::Rank),
    flag("machine_rank", Says::Rank),
    flag("master_addr", Says::Address),
    flag("rdzv_endpoint", Says::Address),
    flag("main_process_ip", Says::Address),
    flag("dist_init_addr", Says::Address),
    flag("nproc_per_node", Says::PerNode),
    flag("num_gpus", Says::PerNode),
    flag("num_processes", Says::Processes),
    // vLLM, SGLang, TensorRT-LLM, LMDeploy, TGI.
    flag("tensor_parallel_size", Says::Tensor),
    flag("tp_size", Says::Tensor),
    flag("tp", Says::Tensor),
    short("tp", Says::Tensor),
    flag("num_shard", Says::Tensor),
    flag("pipeline_parallel_size", Says::Pipeline),
    flag("pp_size", Says::Pipeline),
    flag("pp", Says::Pipeline),
    short("pp", Says::Pipeline),
    flag("data_parallel_size", Says::Data),
    flag("dp_size", Says::Data),
    flag("dp", Says::Data),
    short("dp", Says::Data),
    flag("data_parallel_size_local", Says::LocalData),
    short("dpl", Says::LocalData),
    flag("data_parallel_address", Says::Address),
    short("dpa", Says::Address),
    flag("data_parallel_rank", Says::Rank),
    short("dpn", Says::Rank),
    flag("data_parallel_start_rank", Says::Rank),
    short("dpr", Says::Rank),
    flag("distributed_executor_backend", Says::Backend),
    flag("data_parallel_backend", Says::Backend),
    short("dpb", Says::Backend),
    // Variables that PyTorch, XGBoost and JAX read, and what training operators write.
    variable("WORLD_SIZE", Says::World),
    variable("JAX_NUM_PROCESSES", Says::World),
    variable("NNODES", Says::Nodes),
    variable("NUM_NODES", Says::Nodes),
    variable("PET_NNODES", Says::Nodes),
    variable("SLURM_NNODES", Says::Nodes),
    variable("LWS_GROUP_SIZE", Says::Nodes),
    variable("GROVE_PCSG_TEMPLATE_NUM_PODS", Says::Nodes),
    variable("NODE_RANK", Says::Rank),
    variable("PET_NODE_RANK", Says::Rank),
    variable("MASTER_ADDR", Says::Address),
    variable("PET_MASTER_ADDR", Says::Address),
    variable("RDZV_ENDPOINT", Says::Address),
    variable("PET_RDZV_ENDPOINT", Says::Address),
    variable("JAX_COORDINATOR_ADDRESS", Says::Address),
    family("VC_", "_HOSTS", Says::Hosts),
    family("VC_", "_NUM", Says::TaskNodes),
    family("GROVE_", "", Says::Group),
    // The same that flags say, as the images and scripts of these servers read it.
    variable("TENSOR_PARALLEL_SIZE", Says::Tensor),
    variable("VLLM_TENSOR_PARALLEL_SIZE", Says::Tensor),
    variable("NIM_TENSOR_PARALLEL_SIZE", Says::Tensor),
    variable("TP_SIZE", Says::Tensor),
    variable("NUM_SHARD", Says::Tensor),
    variable("PIPELINE_PARALLEL_SIZE", Says::Pipeline),
    variable("VLLM_PIPELINE_PARALLEL_SIZE", Says::Pipeline),
    variable("NIM_PIPELINE_PARALLEL_SIZE", Says::Pipeline),
    variable("PP_SIZE", Says::Pipeline),
    variable("DATA_PARALLEL_SIZE", Says::Data),
    variable("VLLM_DATA_PARALLEL_SIZE", Says::Data),
    variable("DP_SIZE", Says::Data),
    variable("NPROC_PER_NODE", Says::PerNode),
    variable("PET_NPROC_PER_NODE", Says::PerNode),
    variable("ACCELERATE_NUM_PROCESSES", Says::Processes),
];

/// Programs that start a process on each of several machines.
pub const LAUNCHERS: [&str; 5] = ["mpirun", "mpiexec", "horovodrun", "orterun", "prterun"];

/// What such a program is told the number of processes by; any program has such flags, so that only its own count.
const LAUNCHED: [Spelling; 6] = [
    short("n", Says::World),
    short("np", Says::World),
    short("c", Says::World),
    flag("n", Says::World),
    flag("np", Says::World),
    flag("num_proc", Says::World),
];

/// What something says that a container is told, if it is in the table.
pub fn says(told: &Told<'_>) -> Option<Says> {
    // Hardly anything that a pod is told is.
    if !BEGINNINGS.may_have(told) {
        return None;
    }
    let spelling = TABLE.iter().find(|spelling| spelling.is(told))?;
    Some(spelling.says)
}

static TABLE: [Spelling; SPELLINGS.len()] = SPELLINGS;
static BEGINNINGS: Beginnings = Beginnings::of(&SPELLINGS);

/// Which lengths the names of the table have, by form and by the first letter; of families every length.
struct Beginnings([[u64; 32]; 3]);

impl Beginnings {
    const fn of(table: &[Spelling]) -> Self {
        let mut lengths = [[0; 32]; 3];
        let mut at = 0;
        while at < table.len() {
            let Spelling {
                form, name, end, ..
            } = &table[at];
            let letter = (name.as_bytes()[0] & 31) as usize;
            lengths[*form as usize][letter] |= match end {
                Some(_) => u64::MAX,
                None => 1 << name.len(),
            };
            at += 1;
        }
        Self(lengths)
    }

    fn may_have(&self, told: &Told<'_>) -> bool {
        let name = told.name.as_bytes();
        let letter = name.first().map_or(0, |first| usize::from(first & 31));
        let lengths = self.0[told.form as usize][letter];
        lengths == u64::MAX || name.len() < 64 && lengths >> name.len() & 1 == 1
    }
}

/// Whether something is the number of processes that a launcher starts.
pub fn is_launched(told: &Told<'_>) -> bool {
    LAUNCHED.iter().any(|spelling| spelling.is(told))
}

impl Spelling {
    fn is(&self, told: &Told<'_>) -> bool {
        if self.form != told.form {
            return false;
        }
        match (self.form, self.end) {
            (Form::Variable, Some(end)) => {
                let rest = told.name.strip_prefix(self.name);
                rest.is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
            }
            (Form::Variable, None) => told.name == self.name,
            _ => is_same(told.name, self.name),
        }
    }
}
