"""The Kafka client: how it connects and logs in, what its errors mean, topics looked after and read."""
