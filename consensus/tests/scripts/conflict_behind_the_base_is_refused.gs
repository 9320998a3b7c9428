# Entries that contradict what is purged here are refused, also when only the term of the first one after it shows that.

cluster nodes=3
node 1 terms=1.2.2 term=2 commit=3
purge 1 3
append from=2 to=1 term=3 prev=1 prev_term=1 commit=4 entry_term=1 b c d
append from=2 to=1 term=3 prev=1 prev_term=1 commit=4 entry_term=2 b c d
status 1
---
n1 write 1: term 3 vote nobody
n1 is follower in term 3, leader n2
n1 write 2: append 4@2:d
n1 commits up to 4
n1 -> n2 AppendAck term=3 match=4 (after write 2)
n1 follower term=3 leader=n2 commit=4 durable=4 log=[3..2]
  ignored unknown=0 malformed=0 stale=0 impossible=1
