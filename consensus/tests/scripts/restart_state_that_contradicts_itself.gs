# A node whose log is newer than its vote file, or older than its tables, does not start.

cluster nodes=3
node 1 terms=1.2.3 term=2
node 2 terms=1.2 term=2 commit=3
status
---
n1 refused: the log ends in term 3 but the node remembers only term 2: its vote file is lost or older than its log
n2 refused: the state machine holds entry 3 but the log ends at 2: log files are missing
n1 is down
n2 is down
n3 follower term=0 leader=nobody commit=0 durable=0 log=[]
