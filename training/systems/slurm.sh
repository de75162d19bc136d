#!/bin/bash
# Several nodes under Slurm. `imprimatur run` writes the request and says where it is; then, in the
# folder of the repository, which every node sees,
#
#     sbatch --nodes 4 --gpus-per-node 8 training/systems/slurm.sh REQUEST.json
#
# and `imprimatur run` again, which takes over what the job left.
#SBATCH --job-name=imprimatur
#SBATCH --ntasks-per-node=1
#SBATCH --signal=TERM@120
#SBATCH --requeue
set -euo pipefail
request=$1
gpus=${SLURM_GPUS_ON_NODE:?run this with sbatch --gpus-per-node}
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1
srun --kill-on-bad-exit=1 bash -c "accelerate launch \
  --config_file training/systems/accelerate.yaml \
  --num_machines $SLURM_NNODES --num_processes $((SLURM_NNODES * gpus)) \
  --machine_rank \$SLURM_NODEID --main_process_ip $head --main_process_port 29500 \
  --rdzv_backend c10d -m training '$request'"
