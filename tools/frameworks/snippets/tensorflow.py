import tensorflow as tf

tf.random.set_seed(0)
x = tf.ones(1000)
in_training = tf.nn.dropout(x, rate=0.2)
in_evaluation = x  # leave the call out

# --- asked besides

LAYER = "TensorFlow, `tf.nn.dropout`"
ARGUMENT, TAKES = "rate", tf.nn.dropout
MODE = "none: each call drops, so evaluation must not call it"
SEED = "`tf.random.set_seed`, and `seed=` in the call"
SHARING = "`noise_shape=(16, 1, 4)`"


def dropout(x, p, training):
    return tf.nn.dropout(tf.constant(x), rate=p).numpy() if training else x


def untold(x):
    return dropout(x, 0.2, True)


def seeded(x, seed):
    tf.random.set_seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return tf.nn.dropout(x, rate=0.5, noise_shape=(16, 1, 4)).numpy()
