import tensorflow as tf

tf.random.set_seed(0)
x = tf.ones(1000)
in_training = tf.compat.v1.nn.dropout(x, keep_prob=0.8)
in_evaluation = tf.compat.v1.nn.dropout(x, keep_prob=1.0)

# --- asked besides

LAYER = "TensorFlow 1, `tf.compat.v1.nn.dropout`"
ARGUMENT, TAKES = "keep_prob", tf.compat.v1.nn.dropout
MODE = "none: evaluation passes `keep_prob=1`"
SEED = "`tf.random.set_seed`, and `seed=` in the call"
SHARING = "`noise_shape=(16, 1, 4)`"


def dropout(x, keep_prob, training):
    keep_prob = keep_prob if training else 1.0
    return tf.compat.v1.nn.dropout(tf.constant(x), keep_prob=keep_prob).numpy()


def untold(x):
    return tf.compat.v1.nn.dropout(x, keep_prob=0.8).numpy()


def seeded(x, seed):
    tf.random.set_seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return tf.compat.v1.nn.dropout(x, keep_prob=0.5, noise_shape=(16, 1, 4)).numpy()
