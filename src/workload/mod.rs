//! L3: what containers do: how an image behaves, how a command runs. It knows no cluster; the kubelet and the network ask it.
