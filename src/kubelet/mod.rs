//! L3: the kubelets: what becomes of a pod on its node. Pure decisions over the pod, its runtime state and the time.
